/* Block Kit: blocks in, elements out. What ctx holds and what a value is, is said in field.js. */

import { h } from "../dom.js";
import { renderCard, renderCarousel } from "./card.js";
import { renderChart } from "./chart.js";
import { renderContainer } from "./container.js";
import { renderDataTable } from "./data_table.js";
import { renderInput } from "./input.js";
import {
  renderActions,
  renderAlert,
  renderContext,
  renderDivider,
  renderHeader,
  renderImage,
  renderMarkdownBlock,
  renderSection,
} from "./layout.js";
import { renderRichText } from "./rich_text.js";
import { renderTable } from "./table.js";
import { unknownBlock } from "./unknown.js";

const RENDERERS = {
  section: renderSection,
  divider: renderDivider,
  header: renderHeader,
  context: renderContext,
  actions: renderActions,
  input: renderInput,
  image: renderImage,
  markdown: renderMarkdownBlock,
  rich_text: renderRichText,
  table: renderTable,
  data_table: renderDataTable,
  data_visualization: renderChart,
  alert: renderAlert,
  card: renderCard,
  carousel: (block, ctx) => renderCarousel(block, ctx),
  container: (block, ctx) => renderContainer(block, ctx, renderBlock),
};

/** All blocks of a message or view in one element; what is not known is an error box. */
export function renderBlocks(blocks, ctx) {
  return h(
    "div",
    { class: `blocks blocks-${ctx.surface ?? "message"}` },
    blocks.map((block) => renderBlock(block, ctx)),
  );
}

function renderBlock(block, ctx) {
  const render = Object.hasOwn(RENDERERS, block.type) ? RENDERERS[block.type] : unknownBlock;
  const element = render(block, ctx);
  element.classList.add("bk");
  if (block.block_id) element.dataset.blockId = block.block_id;
  return element;
}
