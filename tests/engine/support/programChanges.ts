/** What a test changes in the product's program before the engine runs it. */
export interface ProgramChanges {
  /** `<type>::<logical name>` -> path of an input -> its value. */
  readonly set?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** A command of its own. */
  readonly command?: { readonly name: string; readonly create: string; readonly secret?: string };
}
