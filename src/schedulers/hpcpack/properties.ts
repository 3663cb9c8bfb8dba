import { z } from 'zod';

/** One property as the head node speaks of it. Values are strings on the wire; numbers and booleans are read as well. */
const Property = z.looseObject({
  Name: z.string().optional(),
  name: z.string().optional(),
  Value: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  value: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
});

const PropertyList = z.array(Property);
const ObjectList = z.array(z.looseObject({ Properties: PropertyList.optional(), properties: PropertyList.optional() }));

/** A property to be sent: strictly as specified. */
export interface RestProperty {
  readonly Name: string;
  readonly Value: string;
}

/** The properties of one job or task, by their names in any case. Empty values count as none. */
export class Properties {
  readonly #values: ReadonlyMap<string, string>;

  private constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** Reads a `RestProperty[]`; null where it is none. */
  static read(body: unknown): Properties | null {
    const list = PropertyList.safeParse(body);
    return list.success ? Properties.#of(list.data) : null;
  }

  /** Reads a `RestObject[]`; null where it is none. */
  static readList(body: unknown): readonly Properties[] | null {
    const list = ObjectList.safeParse(body);
    return list.success ? list.data.map((row) => Properties.#of(row.Properties ?? row.properties ?? [])) : null;
  }

  static #of(list: z.output<typeof PropertyList>): Properties {
    const values = new Map<string, string>();
    for (const property of list) {
      const name = property.Name ?? property.name;
      const value = property.Value ?? property.value ?? null;
      if (name !== undefined && value !== null && value !== '') values.set(name.toLowerCase(), String(value));
    }
    return new Properties(values);
  }

  text(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null;
  }

  /** Null where it is missing or no integer. */
  integer(name: string): number | null {
    const text = this.text(name);
    return text !== null && /^\s*[+-]?\d{1,15}\s*$/.test(text) ? Number(text) : null;
  }

  /** `True`, `true` and `1` are true, `False`, `false` and `0` false; anything else is the default. */
  flag(name: string, byDefault: boolean): boolean {
    switch (this.text(name)?.trim().toLowerCase()) {
      case 'true':
      case '1':
        return true;
      case 'false':
      case '0':
        return false;
      default:
        return byDefault;
    }
  }
}

/** Properties as they are sent; those without a value are left out. */
export function printProperties(values: Readonly<Record<string, string | number | boolean | null>>): RestProperty[] {
  return Object.entries(values).flatMap(([Name, value]) =>
    value === null ? [] : [{ Name, Value: typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value) }],
  );
}
