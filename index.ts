import './components/programs/requireNode';
import { getClientConfigOutput } from '@pulumi/azure-native/authorization';
import * as pulumi from '@pulumi/pulumi';
import { DataLocks } from './components/resource/dataLocks';
import { readConfiguration } from './components/configuration/configuration';
import { Factory } from './components/factory';
import { Platform } from './components/platform';
import { platformExports, referencedPlatform } from './components/resource/platformLinks';
import { changedSources } from './components/programs/bundleRecord';
import { readContentHashes } from './components/programs/contentHashes';
import { sourceCommit } from './components/programs/sourceCommit';
import { settingWarnings } from './components/configuration/warnings';
import { stackExports } from './components/stackExports';
import { stackTags } from './components/resource/tags';
import { version as pipelineVersion } from './package.json';

const configuration = readConfiguration();
for (const warning of settingWarnings(configuration)) void pulumi.log.warn(warning);
const changed = configuration.imageSource === 'build' && configuration.parts !== 'platform' ? changedSources(process.cwd()) : [];
if (changed.length > 0)
  void pulumi.log.warn(
    `${changed[0]}${changed.length > 1 ? ` and ${changed.length - 1} more have` : ' has'} changed since dist/ was built, which the images are made of: "npm run build" first`,
  );
const stack = pulumi.getStack();
const tags = stackTags(configuration, stack);
const deployer = getClientConfigOutput();
const { parts, platformStack } = configuration;
const platform =
  parts === 'factory' && platformStack !== undefined
    ? referencedPlatform(platformStack)
    : new Platform('platform', { configuration, stack, deployer, tags });
const factory =
  parts === 'platform'
    ? undefined
    : new Factory('factory', {
        configuration,
        deployer,
        platform,
        tags,
        pipelineVersion,
        sourceCommit: configuration.sourceCommit ?? sourceCommit(process.cwd()),
        imageSource:
          configuration.imageSource === 'build'
            ? { kind: 'build', hashes: readContentHashes('dist/images.json') }
            : { kind: 'prebuilt', images: configuration.prebuiltImages },
      });

// A platform of another stack is locked there.
const dataResources = { ...(platform instanceof Platform ? platform.dataResources : {}), ...factory?.dataResources };
if (configuration.protectData)
  new DataLocks(
    'locks',
    { resources: dataResources },
    { dependsOn: [platform, factory].filter((one) => one instanceof pulumi.ComponentResource) },
  );

export = factory === undefined ? platformExports(platform) : stackExports(configuration, deployer, platform, factory);
