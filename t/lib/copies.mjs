// Copies of a team that bought, in the database alone, as if all had bought in
// the same second: SQLite's.

export async function copies(stack, team, n) {
  const made = "'t_' || substr('00000000000000000000000000' || n, -26)";
  const insert = async (table, key, more) => {
    const columns = (await stack.sql(`SELECT name FROM pragma_table_info('${table}')`))
      .map(({ name }) => name);
    const values = columns.map((name) => more[name]
      ?? (name === 'id' || name === 'account' || name === 'team' ? made : name));
    return `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${n})
      INSERT INTO ${table} (${columns}) SELECT ${values} FROM ${table}, c
      WHERE ${key} = '${team}';`;
  };

  const script = [
    await insert('team', 'id', { name: "'copy ' || n" }),
    await insert('member', 'team', {}),
    await insert('seat', 'account', {}),
  ];
  await stack.execute(`BEGIN IMMEDIATE; ${script.join('\n')} COMMIT;`);
}
