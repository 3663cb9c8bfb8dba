import { type DocumentNode, Kind, type OperationDefinitionNode, visit } from 'graphql';

/** The argument of subscriptions that says where a reader starts, and nothing of what it is told from there on. */
const START_ARGUMENT = 'after';

/**
 * The names of the operation's variables that only say where its reader starts. Two subscriptions that differ in nothing else are told the same
 * once they have come to the same place.
 */
export function startVariables(document: DocumentNode, operation: OperationDefinitionNode): ReadonlySet<string> {
  const starts = new Set<string>();
  const usesAtStart = new Map<string, number>();
  for (const field of operation.selectionSet.selections) {
    if (field.kind !== Kind.FIELD) continue;
    for (const { name, value } of field.arguments ?? []) {
      if (name.value !== START_ARGUMENT || value.kind !== Kind.VARIABLE) continue;
      starts.add(value.name.value);
      usesAtStart.set(value.name.value, (usesAtStart.get(value.name.value) ?? 0) + 1);
    }
  }
  if (starts.size === 0) return starts;
  const uses = new Map<string, number>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => void uses.set(name.value, (uses.get(name.value) ?? 0) + 1),
  });
  for (const name of starts) if (uses.get(name) !== usesAtStart.get(name)) starts.delete(name);
  return starts;
}
