/* Reads what the page holds, or asks the server for it and goes on asking. */
"use strict";
{
  const EVERY = 1000; // milliseconds between two questions
  const state = EV.find("state");

  const show = () => {
    EV.showSections();
    EV.refreshIndividual();
    EV.drawCharts();
  };

  /* Nothing is asked while the page is out of sight. */
  const follow = async (last) => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, EVERY));
      if (document.hidden) continue;
      try {
        const answer = await fetch(`rows?after=${last.revision}&of=${last.server}`);
        if (!answer.ok) throw new Error(String(answer.status));
        const data = await answer.json();
        if (data.server !== last.server) { // another run, or other settings: nothing that is here holds any more
          location.reload();
          return;
        }
        state.textContent = data.state;
        if (data.revision !== last.revision) { EV.take(data); show(); }
        last = data;
      } catch (error) {
        state.textContent = "no answer: is evonas serve still there?";
      }
    }
  };

  const begin = async () => {
    if (EV.find("data")) EV.take(await EV.unpacked(EV.find("data").textContent));
    let last = null;
    if (document.body.dataset.live) {
      EV.info.live = true;
      last = await (await fetch("rows?after=0")).json();
      EV.take(last);
      state.textContent = last.state;
    }
    EV.showSections();
    EV.watchCharts();
    EV.openFromAddress();
    document.body.dataset.ready = "1";
    if (last) follow(last);
  };
  addEventListener("load", () => EV.drawCharts()); // Plotly comes last
  begin().catch((error) => {
    EV.find("problem").hidden = false;
    EV.find("problem").textContent = `This page cannot be shown: ${error.message}. It needs a browser of 2023 or newer.`;
    throw error;
  });
}
