import './components/requireNode';
import { getClientConfigOutput } from '@pulumi/azure-native/authorization';
import * as pulumi from '@pulumi/pulumi';
import { DataLocks } from './components/access/dataLocks';
import { readConfiguration } from './components/configuration';
import { Factory } from './components/factory';
import { Platform } from './components/platform';
import { readContentHashes } from './components/programs/contentHashes';
import { sourceCommit } from './components/sourceCommit';
import { stackExports } from './components/stackExports';
import { stackTags } from './components/stackTags';
import { version as pipelineVersion } from './package.json';

const configuration = readConfiguration();
const stack = pulumi.getStack();
const tags = stackTags(configuration, stack);
const deployer = getClientConfigOutput();
const platform = new Platform('platform', { configuration, stack, deployer, tags });
const factory = new Factory('factory', {
  configuration, deployer, platform, tags, pipelineVersion, sourceCommit: configuration.sourceCommit ?? sourceCommit(process.cwd()),
  imageSource: configuration.imageSource === 'build' ? { kind: 'build', hashes: readContentHashes('dist/images.json') } : { kind: 'prebuilt', images: configuration.prebuiltImages },
});

if (configuration.protectData) new DataLocks('locks', { resources: { ...platform.dataResources, ...factory.dataResources } }, { dependsOn: [platform, factory] });

export = stackExports(configuration, deployer, platform, factory);
