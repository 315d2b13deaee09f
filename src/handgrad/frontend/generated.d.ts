// The modules that Python generates; see __init__.py.

declare module "handgrad/generated/layers.js" {
  export const LAYERS: Record<string, any>;
  export const FUNCTIONS: Record<string, any>;
  export const INPUTS: Record<string, any>;
  export const RESULTS: Record<string, any>;
  export const UPDATE: any;
}

declare module "handgrad/generated/skeletons.js" {
  export const SKELETONS: [number, string][][];
}
