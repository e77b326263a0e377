/** Graphs as compressed sparse rows (CSR), and algorithms on them. */
module io.kvbm.graph.csr {
  requires transitive io.kvbm.api;
  requires static org.jspecify;

  exports io.kvbm.graph.csr.adjacency;
  exports io.kvbm.graph.csr.algorithm;
  exports io.kvbm.graph.csr.exchange;
  exports io.kvbm.graph.csr.generate;
}
