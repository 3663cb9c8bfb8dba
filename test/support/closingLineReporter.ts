import { type Reporter, type TestCase, type TestModule, type TestSuite } from 'vitest/node';

/**
 * A reporter whose last line of output is `N passed, N failed`. The line before it names what was skipped, if anything was.
 * A file that does not load, a suite whose hook fails and an error outside every test each count as one failure.
 */
export function closingLineReporter(write: (text: string) => void = (text) => process.stdout.write(text)): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors): void {
      const tests = modules.flatMap((module) => [...module.children.allTests()]);
      const suites = modules.flatMap((module): (TestModule | TestSuite)[] => [module, ...module.children.allSuites()]);
      const brokenSuites = suites.filter((suite) => suite.errors().length > 0).length;
      const passed = tests.filter(inState('passed')).length;
      const failed = tests.filter(inState('failed')).length + brokenSuites + unhandledErrors.length;
      const skipped = tests.filter((test) => !inState('passed')(test) && !inState('failed')(test));
      const names = skipped.map((test) => `${test.module.relativeModuleId} > ${test.fullName}`);
      if (names.length > 0) write(`skipped: ${names.join('; ')}\n`);
      write(`${passed} passed, ${failed} failed\n`);
    },
  };
}

function inState(state: 'passed' | 'failed'): (test: TestCase) => boolean {
  return (test) => test.result().state === state;
}
