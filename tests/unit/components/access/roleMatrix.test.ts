import { factoryRoles, workspaceRoles } from '../../../../components/access/roleMatrix';
import { queueNames } from '../../../../components/configuration/pipelineJobs';
import { builtInRoles, isCustomRole } from '../../../../components/resource/roles';
import { builtInRolePermissions as publishedRoles } from '../../../../local-azure/region/builtInRoles';

const all = [...workspaceRoles, ...factoryRoles];

describe('the role matrix', () => {
  it('says nothing twice and gives a reason for everything', () => {
    const keys = all.map(({ who, role, scope }) => `${who} ${role} ${scope}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(all.filter(({ why, step }) => why.length < 10 || !/^(\d+[a-d]?|evidence|smoke)$/.test(step))).toEqual([]);
  });

  it('uses GUIDs that Azure has under these names', () => {
    expect(Object.values(builtInRoles).filter(({ guid, name }) => publishedRoles[guid]?.name !== name)).toEqual([]);
  });

  it('has no role that nobody gets', () => {
    const used = new Set<string>(all.map(({ role }) => role));
    expect(Object.keys(builtInRoles).filter((role) => !used.has(role))).toEqual([]);
    expect(
      all
        .filter(({ role }) => isCustomRole(role))
        .map(({ role }) => role)
        .filter((role, index, roles) => roles.indexOf(role) === index)
        .sort(),
    ).toEqual(['cloudToDeviceSender', 'landingZoneWriter', 'releaseApprover', 'smokeCleaner']);
  });

  it('lets every program receive from its queue, and those that its length starts see it', () => {
    const onOwnQueue = (program: string) =>
      factoryRoles.filter(({ who, scope }) => who === program && scope === `queue/${program}`).map(({ role }) => role);
    expect(queueNames.map(onOwnQueue)).toEqual(
      queueNames.map((name) => (name === 'delivery' ? ['queueMessageProcessor'] : ['queueMessageProcessor', 'queueDataReader'])),
    );
  });

  it('lets nothing that runs write raw data or the landing zone, but the site, which may only add', () => {
    const writers = factoryRoles.filter(
      ({ role, scope }) =>
        ['data/raw', 'edge/landing-zone', 'data', 'edge'].includes(scope) &&
        !['blobDataReader', 'blobDelegator', 'queueDataReader'].includes(role),
    );
    expect(writers.map(({ who, role, scope }) => `${who} ${role} ${scope}`)).toEqual([
      'site landingZoneWriter edge/landing-zone',
      'raw-writer blobDataContributor data/raw',
    ]);
  });

  it('lets no program but delivery speak to devices', () => {
    expect(factoryRoles.filter(({ scope }) => scope === 'iot-hub').map(({ who }) => who)).toEqual(['delivery', 'deployer']);
  });
});
