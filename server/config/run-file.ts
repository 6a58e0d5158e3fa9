/** A file that failed when it was run. The message is its first line and the place, without what the file holds. */
export class FileFailed extends Error {}

/**
 * Runs a module of the operator's own, TypeScript or JavaScript, and gives its exports. `modules` are found by their
 * names whether they are installed beside the file or not. Rejects with `FileFailed`.
 */
export async function runFile(
  file: string,
  name: string,
  modules: Readonly<Record<string, object>>,
): Promise<object> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(file, {
    // A cache on disk would hold what the file holds, secrets included.
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: { ...modules },
  });
  try {
    return await jiti.import<object>(file);
  } catch (error) {
    throw new FileFailed(
      `${name}: the file could not be run: ${reasonOf(error, file).replaceAll(file, name)}`,
    );
  }
}

/** The first line, and the place. Further lines of a syntax error quote the file, and what they quote may be a secret. */
function reasonOf(error: unknown, file: string): string {
  if (!(error instanceof Error)) return 'it threw something that is no error.';
  const [reason = '', ...others] = error.message.split('\n').map((line) => line.trim());
  const place = others.find((line) => line.startsWith(`${file}:`));
  return place === undefined ? reason : `${reason}, at ${place}`;
}
