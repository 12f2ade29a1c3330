/**
 * How to start npm. Within an npm script, npm names its own file in the environment; another package manager would name itself.
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} platform
 * @returns {string[]}
 */
export function npmCommand(env, platform) {
  const running = env.npm_execpath;
  if (running && /[\\/]npm-cli\.[cm]?js$/.test(running)) return [process.execPath, running];
  return [platform === 'win32' ? 'npm.cmd' : 'npm'];
}

/** What npm prints when it cannot reach its registry, and when it may not or cannot write. */
const causes = [
  {
    sign: /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/,
    message:
      'npm cannot reach its registry. Installing needs the network once; check the connection or the proxy settings.',
  },
  { sign: /\bENOSPC\b/, message: 'the disk is full. Installing needs about 1 GB.' },
  {
    sign: /\b(EROFS|EACCES|EPERM)\b/,
    message: 'npm may not write here. Use a writable copy of the repository.',
  },
  {
    sign: /\bEUSAGE\b|not in sync/,
    message:
      'package-lock.json does not agree with the package.json files. Run `npm install` and commit the lock.',
  },
];

/**
 * @param {'ci' | 'install'} action
 * @param {string} output
 */
export function explainNpmFailure(action, output) {
  const cause = causes.find(({ sign }) => sign.test(output));
  return `install failed: ${cause ? cause.message : `\`npm ${action}\` did not succeed; the end of its output is above.`}`;
}

/**
 * The end of npm's output, where it says what went wrong, without the stack and the help page that it may add.
 * @param {string} output
 */
export function endOfOutput(output) {
  const [said = ''] = output.split(/^npm \S+ Clean install a project$/m);
  const lines = said.split('\n').filter((line) => !/^npm \S+ +at /.test(line));
  return lines.join('\n').trimEnd().split('\n').slice(-15).join('\n');
}
