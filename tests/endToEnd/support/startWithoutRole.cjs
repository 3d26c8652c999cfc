// `npm start` with one row less in the table of roles: node startWithoutRole.cjs <who> <role> <scope> [options of npm start]
require('ts-node/register');
const { factoryRoles } = require('../../../components/access/roleMatrix.ts');

const [who, role, scope, ...options] = process.argv.slice(2);
const index = factoryRoles.findIndex((row) => row.who === who && row.role === role && row.scope === scope);
if (index < 0) throw new Error(`the table has no row ${who} ${role} ${scope}`);
factoryRoles.splice(index, 1);
process.argv.splice(2, process.argv.length - 2, ...options);
const { runCommand } = require('../../../command-line/runCommand.ts');
const { command } = require('../../../commands/start.ts');
void runCommand(command);
