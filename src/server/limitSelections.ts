import {
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { type Limits } from './limits.js';

/** How much a selection set asks for, with its fragments put in place. */
interface Extent {
  readonly depth: number;
  readonly fields: number;
}

const NOTHING: Extent = { depth: 0, fields: 0 };

/**
 * A validation rule: no operation is deeper, or selects more fields, than the limits. A fragment counts wherever it is spread;
 * one that spreads itself counts nothing there, since another rule refuses it.
 */
export function limitSelections(limits: Pick<Limits, 'documentDepth' | 'documentFields'>): ValidationRule {
  return (context) => {
    const measure = measurer(context);
    return {
      OperationDefinition(operation): false {
        const { depth, fields } = measure(operation.selectionSet);
        const nodes = [operation];
        if (depth > limits.documentDepth)
          context.reportError(
            new GraphQLError(`The operation is ${depth} fields deep; allowed are ${limits.documentDepth}.`, { nodes }),
          );
        if (fields > limits.documentFields)
          context.reportError(
            new GraphQLError(`The operation selects ${fields} fields; allowed are ${limits.documentFields}.`, {
              nodes,
            }),
          );
        return false;
      },
    };
  };
}

function measurer(context: ValidationContext): (selectionSet: SelectionSetNode) => Extent {
  const fragments = new Map<FragmentDefinitionNode, Extent>();

  function ofFragment(name: string): Extent {
    const fragment = context.getFragment(name);
    if (!fragment) return NOTHING;
    const known = fragments.get(fragment);
    if (known !== undefined) return known;
    fragments.set(fragment, NOTHING);
    const extent = measure(fragment.selectionSet);
    fragments.set(fragment, extent);
    return extent;
  }

  function measure(selectionSet: SelectionSetNode): Extent {
    let depth = 0;
    let fields = 0;
    for (const selection of selectionSet.selections) {
      let part: Extent;
      switch (selection.kind) {
        case Kind.FIELD: {
          const below = selection.selectionSet === undefined ? NOTHING : measure(selection.selectionSet);
          part = { depth: below.depth + 1, fields: below.fields + 1 };
          break;
        }
        case Kind.INLINE_FRAGMENT:
          part = measure(selection.selectionSet);
          break;
        case Kind.FRAGMENT_SPREAD:
          part = ofFragment(selection.name.value);
          break;
      }
      depth = Math.max(depth, part.depth);
      fields += part.fields;
    }
    return { depth, fields };
  }

  return measure;
}
