import { DefaultAzureCredential } from '@azure/identity';
import { runDeployProgram } from '../deployProgram';
import { siteDocuments } from './siteDocuments';

void runDeployProgram(() => siteDocuments(process.argv[2], process.env, new DefaultAzureCredential()));
