/** The version of this package; a test keeps it equal to `package.json`, which a browser cannot read. */
export const coreVersion = '0.1.0';
