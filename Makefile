# Thin by intent: tools/tasks.py does the work and is the same on Windows (run.bat, test.bat).
PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python)
TASK := $(PYTHON) tools/tasks.py

.PHONY: help run demo test check format bench bench-statistics clean
help:            ## list the targets
	@grep -E '^[a-z-]+: +##' $(MAKEFILE_LIST) | sed 's/: *## */\t/'
run:             ## install, simulate the demo where there are no data, serve on 127.0.0.1:8501 (ARGS="--port 8600")
	@$(TASK) run $(ARGS)
demo:            ## simulate the demo again
	@$(TASK) demo $(ARGS)
test:            ## install and run every test, in headless Chromium too (ARGS="-k ingest")
	@$(TASK) test $(ARGS)
check:           ## formatting, lint, types, import directions, data log, forbidden words
	@$(TASK) check
format:          ## put the code into shape
	@$(TASK) format
bench:           ## measure the budgets (ARGS="--petitions 10000000 --update-readme")
	@$(TASK) bench $(ARGS)
bench-statistics: ## simulate the assessment and the draw (ARGS="--share 0.1", ARGS=--update-docs)
	@$(TASK) bench-statistics $(ARGS)
clean:           ## remove the environment, caches and temporary data; data/warehouse stays
	@$(TASK) clean
