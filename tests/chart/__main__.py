"""Every test of the chart. With `--fix`, what is generated is written anew first."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True

if sys.argv[1:] not in ([], ["--fix"]):
    sys.exit("chart tests take --fix or nothing")
if "--fix" in sys.argv:
    import generate

    for path, made in generate.stale().items():
        path.write_text(made)

found = unittest.defaultTestLoader.discover(str(pathlib.Path(__file__).parent))
result = unittest.TextTestRunner(verbosity=1).run(found)
failed = len(result.failures) + len(result.errors) + len(found._tests and result.unexpectedSuccesses)
print(f"chart: {result.testsRun - failed} passed, {failed} failed", file=sys.stderr)
sys.exit(0 if result.testsRun and result.wasSuccessful() and not result.skipped else 1)
