import { fetchesToolchains } from '../../../../commands/engine/runGo';

test('a Go that cannot fetch the toolchain of a go.mod is as good as none', () => {
  expect(['go1.19.8', 'go1.20', 'go1.9', '', 'gccgo'].map(fetchesToolchains)).toEqual([false, false, false, false, false]);
  expect(['go1.21.0', 'go1.26.8\n', 'devel go1.24-abc', 'go2.0'].map(fetchesToolchains)).toEqual([true, true, true, true]);
});
