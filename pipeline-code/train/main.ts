import { runPipelineProgram } from '../../contracts/program/run';
import { trainSettings } from '../../contracts/settings/train';
import { train } from './train';

runPipelineProgram('train', trainSettings, train);
