/** Branded identifiers: strings that the compiler keeps apart. Made only here and in decoders. */
export type AgentId = string & { readonly __agentId: true };
export type FrameworkId = string & { readonly __frameworkId: true };
export type OfferId = string & { readonly __offerId: true };
export type TaskId = string & { readonly __taskId: true };
export type ExecutorId = string & { readonly __executorId: true };
export type ContainerId = string & { readonly __containerId: true };

export const agentId = (text: string): AgentId => text as AgentId;
export const frameworkId = (text: string): FrameworkId => text as FrameworkId;
export const offerId = (text: string): OfferId => text as OfferId;
export const taskId = (text: string): TaskId => text as TaskId;
export const executorId = (text: string): ExecutorId => text as ExecutorId;
export const containerId = (text: string): ContainerId => text as ContainerId;
