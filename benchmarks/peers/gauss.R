# Runs where R and its package GaussSuppression are installed: choose complementary cells for one table.
# Arguments: the folder that benchmarks.peers.files.write_gauss has written. Writes gauss.csv and gauss_seconds.txt.
suppressPackageStartupMessages(library(GaussSuppression))

folder <- commandArgs(TRUE)[1]
inner <- read.csv(file.path(folder, "inner.csv"), colClasses = "character")
inner$n <- as.integer(inner$n)
nodes <- read.csv(file.path(folder, "nodes.csv"), colClasses = "character")
hierarchies <- lapply(split(nodes, factor(nodes$axis, unique(nodes$axis))), function(axis) {
  data.frame(levels = axis$levels, codes = axis$codes, stringsAsFactors = FALSE)
})

began <- proc.time()
masked <- SuppressSmallCounts(
  data = inner, hierarchies = hierarchies, freqVar = "n", maxN = 10, protectZeros = FALSE, secondaryZeros = FALSE
)
used <- proc.time() - began

write.csv(masked[masked$suppressed, c(names(hierarchies), "n", "primary")], file.path(folder, "gauss.csv"),
          row.names = FALSE)
writeLines(c(format(used[["elapsed"]]), format(used[["user.self"]] + used[["sys.self"]])),
           file.path(folder, "gauss_seconds.txt"))
