import { readSettings } from '../../contracts/settings/settings';
import { validateAndPackageSettings } from '../../contracts/settings/validateAndPackage';
import { runProgram } from '../clients/log';
import { runValidateAndPackage } from './validateAndPackage';

const program = 'validate-and-package';
runProgram(program, (log) => runValidateAndPackage(readSettings(program, validateAndPackageSettings, process.env), log));
