"""Charts as pure functions: results in, an ECharts option (a plain dictionary) out; no browser needed. One kind a file."""
