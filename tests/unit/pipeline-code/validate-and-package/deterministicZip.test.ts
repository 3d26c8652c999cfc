import { spawnSync } from 'node:child_process';
import { projectRoot } from '../../../support/projectRoot';

const script = `
require('ts-node/register');
const { deterministicZip } = require('./pipeline-code/validate-and-package/deterministicZip');
deterministicZip([{ name: 'a.txt', content: 'alpha' }, { name: 'b/', content: '' }, { name: 'b/c.bin', content: Buffer.alloc(5000, 7) }])
  .then((zip) => console.log(require('node:crypto').createHash('sha256').update(zip).digest('hex')));
`;

/** A digest that changes means that every package of the field would get another identity: change it only on purpose. */
const golden = '59d6ae8221f28a94d87f3daf565e5716256a9612b234250c07590bface9825aa';

test.each(['UTC', 'Asia/Tokyo', 'America/New_York'])('the bytes of a zip are the same in %s', (zone) => {
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: projectRoot,
    env: { ...process.env, TZ: zone },
    encoding: 'utf8',
  });
  expect({ hash: stdout.trim(), stderr }).toEqual({ hash: golden, stderr: '' });
});
