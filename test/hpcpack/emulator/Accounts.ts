/** The roles of users (REST specification, Get User Roles). */
export type Role = 'Administrator' | 'JobAdministrator' | 'JobOperator' | 'User';

/** A user of the cluster. */
export interface Account {
  /** `domain\user` */
  readonly name: string;
  readonly role: Role;
  password: string;
  /** A bearer token that stands for the user (Azure AD). */
  readonly token?: string;
}

/** Who may use the cluster. Names of users are compared as Windows does, without regard to case. */
export class Accounts {
  readonly #byName = new Map<string, Account>();

  constructor(accounts: readonly Account[]) {
    for (const account of accounts) this.#byName.set(account.name.toLowerCase(), { ...account });
  }

  find(name: string): Account | null {
    return this.#byName.get(name.toLowerCase()) ?? null;
  }

  /** Who an `Authorization` header speaks for: Basic with `domain\user`, or a bearer token; null: nobody. */
  authenticate(header: string | undefined): Account | null {
    const [scheme, credentials = ''] = header?.split(' ') ?? [];
    if (scheme?.toLowerCase() === 'bearer')
      return [...this.#byName.values()].find(({ token }) => token === credentials) ?? null;
    if (scheme?.toLowerCase() !== 'basic') return null;
    const [, name = '', password = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
    const account = this.find(name);
    return account !== null && account.password === password ? account : null;
  }
}

/** Only these may act in the name of others (REST specification, `x-ms-as-user`). */
export function mayActForOthers({ role }: Account): boolean {
  return role === 'Administrator' || role === 'JobAdministrator';
}

/** The owner of a job and administrators may see, stop and change it (`Stop-HpcTask`, command line reference). */
export function mayManage({ name, role }: Account, owner: string): boolean {
  return role !== 'User' || name.toLowerCase() === owner.toLowerCase();
}
