# make test     every level of tests, with all that they need
# make lint     style, and that what is installed runs on Python 3.6
# make rpm      dist/lbha-agents-VERSION-RELEASE.noarch.rpm and the source package
# make demo     the guide's cluster on this machine, told with times (KEEP=1 leaves it up)
# make bench    side by side with the guide's cluster and keepalived (ONLY=kill RIVALS=ours RUNS=1)
# make renew    the README's tables and the golden meta-data, from the declarations
# make clean    remove what the others made

# of the tests and tools
PYTHON3 = python3
# of the agents in the package, when it is not to be the distribution's:
# make rpm PYTHON=/usr/libexec/platform-python
PYTHON =

VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' lib/lbha/__init__.py)
TARBALL = build/rpm/lbha-agents-$(VERSION).tar.gz

.PHONY: all test lint rpm demo bench renew clean

all: rpm

test:
	@$(PYTHON3) -m tests

lint:
	@$(PYTHON3) -m tests.lint

# what git knows or would add, as it is in the checkout now
rpm:
	@rm -rf build/rpm dist && mkdir -p build/rpm dist
	@git ls-files -z --cached --others --exclude-standard \
	| while IFS= read -r -d '' file; do test ! -e "$$file" || printf '%s\0' "$$file"; done \
	| tar --create --gzip --file $(TARBALL) --null --files-from - --sort name \
	      --owner 0 --group 0 --transform 's,^,lbha-agents-$(VERSION)/,'
	@rpmbuild --quiet -ba rpm/lbha-agents.spec \
	      --define "_topdir $(CURDIR)/build/rpm" --define "_sourcedir $(CURDIR)/build/rpm" \
	      --define "_rpmdir $(CURDIR)/dist" --define "_srcrpmdir $(CURDIR)/dist" \
	      --define "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" \
	      $(if $(PYTHON),--define "interpreter $(PYTHON)") >build/rpm/log 2>&1 \
	|| { cat build/rpm/log; exit 1; }
	@ls dist/*.rpm

demo:
	@$(PYTHON3) -m tests.lab demo $(if $(KEEP),--keep)

bench:
	@$(PYTHON3) -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(RIVALS),--rivals $(RIVALS)) \
	      $(if $(RUNS),--runs $(RUNS)) $(if $(IDLE),--idle $(IDLE)) $(if $(VIPS),--vips $(VIPS)) \
	      $(if $(SUITE),--suite $(SUITE))

renew:
	@$(PYTHON3) -m tests.derived

clean:
	rm -rf build dist .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

SHELL = /bin/bash
