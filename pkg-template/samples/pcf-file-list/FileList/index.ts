// The control as the platform sees it. It has no state but what the user chose, and no token, ever: the broker keeps those.

import { createElement, type ReactElement } from "react";
import { FileListView, type Texts } from "./FileListView";
import type { IInputs, IOutputs } from "./generated/ManifestTypes";

export class FileList implements ComponentFramework.ReactControl<IInputs, IOutputs> {
  // Everything that the control waits for ends with it.
  private readonly life = new AbortController();
  private notifyOutputChanged: () => void;
  private url?: string;

  init(_context: ComponentFramework.Context<IInputs>, notifyOutputChanged: () => void): void {
    this.notifyOutputChanged = notifyOutputChanged;
  }

  // Called again and again: what it returns is the same element with other properties, so nothing is fetched anew.
  updateView({ mode, parameters, resources }: ComponentFramework.Context<IInputs>): ReactElement {
    const graph = parameters.graph.raw || "https://graph.microsoft.com";
    const texts: Texts = (key) => resources.getString(key);
    return createElement(FileListView, {
      key: graph, // Another Graph, another list.
      graph,
      texts,
      chosen: parameters.url.raw,
      disabled: mode.isControlDisabled,
      life: this.life.signal,
      onChoose: this.choose,
    });
  }

  getOutputs(): IOutputs {
    return { url: this.url };
  }

  destroy(): void {
    this.life.abort();
  }

  private readonly choose = (url: string) => {
    this.url = url;
    this.notifyOutputChanged();
  };
}
