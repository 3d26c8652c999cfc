import { hanging, wrap } from '../../../command-line/wrapText';

describe('wrapping', () => {
  it('breaks at a space, then after a slash, then anywhere', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('accounts/containers/raw', 12)).toEqual(['accounts/', 'containers/', 'raw']);
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  });

  it('goes on under the line, further in', () => {
    expect(hanging('  one two three four five', 16)).toEqual(['  one two', '      three four', '      five']);
    expect(hanging('a long line that stays', undefined)).toEqual(['a long line that stays']);
  });
});
