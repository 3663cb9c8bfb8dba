import { type FragmentDefinitionNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/** Whether the operation selects a field of this name on a fragment of this type, at any depth; `@skip` and `@include` count as selected. */
export function selectsField(
  { fieldNodes, fragments }: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>,
  typeName: string,
  fieldName: string,
): boolean {
  return fieldNodes.some(({ selectionSet }) => isIn(selectionSet, null, { typeName, fieldName, fragments }));
}

interface Wanted {
  readonly typeName: string;
  readonly fieldName: string;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}

function isIn(selections: SelectionSetNode | undefined, type: string | null, wanted: Wanted): boolean {
  if (selections === undefined) return false;
  return selections.selections.some((selection) => {
    switch (selection.kind) {
      case Kind.FIELD:
        return type === wanted.typeName && selection.name.value === wanted.fieldName;
      case Kind.INLINE_FRAGMENT:
        return isIn(selection.selectionSet, selection.typeCondition?.name.value ?? type, wanted);
      case Kind.FRAGMENT_SPREAD: {
        const fragment = wanted.fragments[selection.name.value];
        return isIn(fragment?.selectionSet, fragment?.typeCondition.name.value ?? type, wanted);
      }
    }
  });
}
