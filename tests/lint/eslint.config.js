/*
 * What eslint looks for in the pages and the tests: faults, not layout.
 */
import js from '@eslint/js';
import globals from 'globals';

const rules = {
    ...js.configs.recommended.rules,
    eqeqeq: ['error', 'always'],
    'no-var': 'error',
    'prefer-const': 'error',
    'no-control-regex': 'off', // what terminals are shown is looked at for them
    'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none' }],
};

export default [
    { ignores: ['**/node_modules/**', '**/build/**'] },
    {
        files: ['**/*.js', '**/*.mjs'],
        languageOptions: { ecmaVersion: 2024, sourceType: 'module', globals: globals.node },
        rules,
    },
    {
        files: ['gateway/web/**/*.js', 'tests/e2e/page.test.js'], // whose functions run in a page
        languageOptions: { globals: { ...globals.browser } },
    },
];
