import { RunError } from '@pulumi/pulumi';
import { nodeVersionProblem } from './nodeVersion';

const problem = nodeVersionProblem(process.version);
if (problem !== undefined) throw new RunError(problem);
