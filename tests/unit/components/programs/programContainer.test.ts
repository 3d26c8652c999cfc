import { z } from 'zod';
import { checkedVariables } from '../../../../components/programs/environmentVariables';
import { programContainer } from '../../../../components/programs/programContainer';
import { integer, text } from '../../../../contracts/settings/settings';

const schema = z.object({ FACTORY: text(), PORT: integer(1, 10), COLUMN: z.string().optional() });
const image = 'r.io/databus@sha256:0';

describe('the settings of a program', () => {
  it('become environment variables, sorted, without those that are not set', () => {
    expect(checkedVariables('databus', schema, { PORT: '3', FACTORY: 'one', COLUMN: undefined })).toEqual([
      { name: 'FACTORY', value: 'one' },
      { name: 'PORT', value: '3' },
    ]);
  });

  it('do not compile with a key missing or one too many', () => {
    // @ts-expect-error PORT is missing
    const missing = () => programContainer({ program: 'databus', image, schema, settings: { FACTORY: 'one', COLUMN: undefined } });
    // @ts-expect-error an optional setting must be named too
    const unnamed = () => programContainer({ program: 'databus', image, schema, settings: { FACTORY: 'one', PORT: '3' } });
    const known = { FACTORY: 'one', PORT: '3', COLUMN: undefined };
    // @ts-expect-error SPEED is not a setting of the program
    const surplus = () => programContainer({ program: 'databus', image, schema, settings: { ...known, SPEED: '1' } });
    const right = () => programContainer({ program: 'databus', image, schema, settings: { FACTORY: 'one', PORT: '3', COLUMN: undefined } });
    expect([missing, unnamed, surplus, right]).toHaveLength(4);
  });

  it('stop the deployment when a value is wrong', () => {
    expect(() => checkedVariables('databus', schema, { PORT: '11', FACTORY: 'one' })).toThrow(
      /databus cannot start, its environment is wrong:\n {2}PORT: .*"11"/,
    );
  });
});
