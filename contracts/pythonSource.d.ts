/** Python sources stand as .py files beside the code that ships them; the bundler and jest load them as text. */
declare module '*.py' {
  const source: string;
  export default source;
}
