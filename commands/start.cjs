// Runs on whatever Node the machine has, so it must stay plain: it checks the versions before anything modern is loaded.
const { spawnSync } = require('child_process');

const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(2);
};
const major = (version) => Number(/^v?(\d+)/.exec(version || '')?.[1] ?? 0);

// npm runs scripts with the project's own Node; the machine's shows in the user agent.
const machineNode = /node\/(v[\d.]+)/.exec(process.env.npm_config_user_agent || '')?.[1] ?? process.version;
if (major(machineNode) < 20)
  fail(`Factory Loop needs Node 20 or newer to install and start; this is ${machineNode}. Install a newer Node from nodejs.org.`);
if (major(process.version) < 22)
  fail(`Factory Loop runs on the Node 24 that "npm ci" installs; this is ${process.version}. Run "npm ci", then "npm start".`);

const python = process.env.PYTHON || 'python3';
const answer = spawnSync(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' });
const [pythonMajor, pythonMinor] = (answer.stdout || '').trim().split('.').map(Number);
if (answer.status !== 0 || !(pythonMajor > 3 || (pythonMajor === 3 && pythonMinor >= 10))) {
  fail(
    `Factory Loop needs Python 3.10 or newer for the package's components; "${python}" ${answer.status === 0 ? `is ${answer.stdout.trim()}` : 'was not found'}. Install it, or set PYTHON to its path.`,
  );
}

require('ts-node/register');
const { runCommand } = require('../command-line/runCommand.ts');
const { command } = require('./start.ts');
void runCommand(command);
