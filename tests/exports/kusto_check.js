// Reads {tables: [[name, schema]], queries: [[id, text]]} and writes what Kusto's language service says of each query.
const path = require('path');
const dir = process.argv[2];
require(path.join(dir, 'bridge.min.js'));
require(path.join(dir, 'Kusto.Language.Bridge.min.js'));
const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const { TableSymbol, DatabaseSymbol } = Kusto.Language.Symbols;
const tables = input.tables.map(([name, schema]) => TableSymbol.From(schema).WithName(name));
const globals = Kusto.Language.GlobalState.Default.WithDatabase(new DatabaseSymbol.$ctor1('logs', tables));
const said = [];
for (const [id, text] of input.queries) {
  const code = Kusto.Language.KustoCode.ParseAndAnalyze(text, globals);
  const diagnostics = code.GetDiagnostics();
  for (let i = 0; i < diagnostics.Count; i++) said.push(`${id}: ${diagnostics.getItem(i).Message}`);
}
console.log(JSON.stringify(said));
