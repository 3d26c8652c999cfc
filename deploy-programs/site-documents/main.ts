import { requestedAction, runDeployProgram } from '../deployProgram';
import { siteDocuments } from './siteDocuments';

void runDeployProgram((environment, credential) => requestedAction(siteDocuments, process.argv[2])(environment, credential));
