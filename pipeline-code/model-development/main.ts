import { runPipelineProgram } from '../../contracts/program/run';
import { modelDevelopmentSettings } from '../../contracts/settings/modelDevelopment';
import { runModelDevelopment } from './modelDevelopment';

runPipelineProgram('model-development', modelDevelopmentSettings, runModelDevelopment);
