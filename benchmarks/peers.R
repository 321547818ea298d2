# The workload of plain.py as a good user of R writes it: one vector of draws after the other, summarised and let go.
# `peers.py R DRAWS` runs it; its words are assignments of draws, warm_up, years, shares, volume, growth, rates, levels.
eval(parse(text = commandArgs(trailingOnly = TRUE)))

summary_of <- function(x) c(mean(x), sd(x), quantile(x, levels, names = FALSE))

# [statistic, cell, year, stage]
simulated <- function(draws) {
  first <- rlnorm(draws, volume[1], volume[2])
  change <- rnorm(draws, growth[1], growth[2])
  probabilities <- lapply(rates, function(shape) rbeta(draws, shape[1], shape[2]))
  found <- array(dim = c(2 + length(levels), length(shares), years, 1 + length(rates)))
  for (year in seq_len(years)) {
    transplants <- first * (1 + change)^(year - 1)
    for (cell in seq_along(shares)) {
      patients <- round(transplants * shares[cell])
      found[, cell, year, 1] <- summary_of(patients)
      for (place in seq_along(probabilities)) {
        patients <- rbinom(draws, patients, probabilities[[place]])
        found[, cell, year, 1 + place] <- summary_of(patients)
      }
    }
  }
  found
}

set.seed(1)
invisible(simulated(warm_up))
before <- sum(gc(reset = TRUE)[, 2])
started <- proc.time()
found <- simulated(draws)
took <- proc.time() - started
memory <- sum(gc()[, 6]) - before
cat(format(c(took[["user.self"]] + took[["sys.self"]], took[["elapsed"]], memory, found[1:2, , , ]), digits = 15))
