"""What can be asked of the images and of compose without an engine: `./dev check` runs it. stack.py runs them for real."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

found = unittest.defaultTestLoader.discover(str(pathlib.Path(__file__).parent))
result = unittest.TextTestRunner(verbosity=1).run(found)
sys.exit(0 if result.testsRun and result.wasSuccessful() and not result.skipped else 1)
