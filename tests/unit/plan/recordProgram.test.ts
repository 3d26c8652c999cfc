import { Registry } from '@pulumi/azure-native/containerregistry';
import { StorageAccount } from '@pulumi/azure-native/storage';
import * as pulumi from '@pulumi/pulumi';
import { recordProgram, type RecordedProgram } from '../../../plan/recordProgram';

let recorded: RecordedProgram;
let outputIsSecret: boolean | undefined;
beforeAll(async () => {
  recorded = await recordProgram({
    project: 'factory-loop',
    stack: 'small',
    configuration: { 'factory-loop:token': '[secret]' },
    secretKeys: ['factory-loop:token'],
    preview: false,
    program: async () => {
      const token = new pulumi.Config('factory-loop').requireSecret('token');
      const account = new StorageAccount(
        'data',
        {
          resourceGroupName: 'rg',
          accountName: 'acc',
          kind: 'StorageV2',
          sku: { name: 'Standard_LRS' },
          tags: { plain: 'shown', password: pulumi.secret('hunter2'), deep: pulumi.interpolate`x-${token}` },
        },
        { protect: true },
      );
      outputIsSecret = await pulumi.isSecret(account.tags);
      new Registry(
        'images',
        {
          resourceGroupName: 'rg',
          registryName: pulumi.interpolate`${account.name}images`,
          sku: { name: 'Basic' },
          tags: { uses: account.primaryEndpoints.blob },
        },
        { dependsOn: [account] },
      );
      return {};
    },
  });
});
const named = (name: string) => recorded.resources.find((one) => one.name === name);

describe('a recorded program', () => {
  it('shows no secret, at any depth, whatever the secret came from', () => {
    expect(JSON.stringify(recorded)).not.toContain('hunter2');
    expect(JSON.stringify(named('data')?.inputs['tags'])).toContain('[secret]');
    expect(JSON.stringify(recorded)).not.toContain('1b47061264138c4ac30d75fd1eb44270');
  });

  it('keeps secret what was secret when it comes back as an output', () => {
    expect(outputIsSecret).toBe(true);
  });

  it('has the options that the inputs do not show', () => {
    expect([named('data')?.protect, named('images')?.protect]).toEqual([true, false]);
    expect(named('images')?.dependsOn).toEqual(['urn:pulumi:small::factory-loop::azure-native:storage:StorageAccount::data']);
  });

  it('lets what Azure answers flow on', () => {
    expect(named('images')?.inputs).toMatchObject({ registryName: 'accimages', tags: { uses: 'https://acc.blob.core.windows.net/' } });
    expect(named('images')?.id).toMatch(/\/resourceGroups\/rg\/providers\/Microsoft\.ContainerRegistry\/registries\/accimages$/);
  });
});
