import { getClientConfigOutput } from '@pulumi/azure-native/authorization';
import { parseConfiguration } from '../../../../components/configuration/configuration';
import { Platform } from '../../../../components/platform';

export const configuration = parseConfiguration({ factory: 'plant-sued', profile: 'dev' });
export const deployer = getClientConfigOutput();

export const platform = new Platform('shared', { configuration, stack: 'plants', deployer, tags: { team: 'data' } });
