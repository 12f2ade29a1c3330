import { isLimbeckError, LimbeckError } from '@limbeck/core';

/**
 * Runs a module with code, TypeScript included, and returns its default export. It sees the running copies of Limbeck's
 * packages, wherever it lies.
 *
 * @throws LimbeckError CONFIG_THREW with what the module threw
 */
export async function loadModule(file: string): Promise<unknown> {
  const [{ createJiti }, limbeck, core, backend, host, graph, nn] = await Promise.all([
    import('jiti'),
    import('../index.js'),
    import('@limbeck/core'),
    import('@limbeck/core/backend'),
    import('@limbeck/core/host'),
    import('@limbeck/graph'),
    import('@limbeck/nn'),
  ]);
  const jiti = createJiti(file, {
    fsCache: false,
    moduleCache: false,
    virtualModules: {
      limbeck,
      '@limbeck/core': core,
      '@limbeck/core/backend': backend,
      '@limbeck/core/host': host,
      '@limbeck/graph': graph,
      '@limbeck/nn': nn,
    },
  });
  try {
    const loaded: unknown = await jiti.import(file);
    return defaultOf(loaded);
  } catch (thrown) {
    if (isLimbeckError(thrown)) throw thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LimbeckError('CONFIG_THREW', `${file} threw: ${message.trim().replace(/\s*\n\s*/g, ' ')}`, {
      hint: 'run again with --debug to see where',
      details: { file },
      cause: thrown,
    });
  }
}

/** The default export; a module without one is handed over whole, so that the check of its value names what is there. */
function defaultOf(loaded: unknown): unknown {
  return typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : loaded;
}
