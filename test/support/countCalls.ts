/** An object whose methods count their calls, by name, in the map; methods of its own private state work as before. */
export function countCalls<T extends object>(target: T, calls: Map<string, number>): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name, object);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
        return value.apply(object, args) as unknown;
      };
    },
  });
}
