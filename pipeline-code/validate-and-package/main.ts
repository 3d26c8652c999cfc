import { runPipelineProgram } from '../../contracts/program/run';
import { validateAndPackageSettings } from '../../contracts/settings/validateAndPackage';
import { runValidateAndPackage } from './validateAndPackage';

runPipelineProgram('validate-and-package', validateAndPackageSettings, runValidateAndPackage);
