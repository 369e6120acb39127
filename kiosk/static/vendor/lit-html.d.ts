// What our pages use of lit-html, for `tsc --checkJs`; not served.
export interface TemplateResult {
  readonly _$litType$: number;
}
export declare const html: (strings: TemplateStringsArray, ...values: unknown[]) => TemplateResult;
export declare const nothing: unique symbol;
export declare const render: (value: unknown, container: HTMLElement) => unknown;
