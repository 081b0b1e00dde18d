/** The package ships no types: https://github.com/hoegaarden/pgpass. */
declare module "pgpass" {
  export default function pgpass(
    connection: { host: string; port: number; database: string; user: string },
    done: (password: string | undefined) => void,
  ): void;
}
