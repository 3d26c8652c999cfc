import { DefaultAzureCredential } from '@azure/identity';
import { requestedAction, runDeployProgram } from '../deployProgram';
import { siteDocuments } from './siteDocuments';

void runDeployProgram((environment) => requestedAction(siteDocuments, process.argv[2])(environment, new DefaultAzureCredential()));
