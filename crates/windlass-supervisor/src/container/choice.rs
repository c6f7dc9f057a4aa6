//! Which image of a service is run.

use std::io::{Read, Write};

use windlass_services::{Container, Definition, EngineError, EngineSession, LocalImage, image, numbers, shipped};

/// The image that is run: the one that the user says; else the one that `wrote` the data, for another may not be able to read it;
/// else the newest of windlass's own that will do; else a registry's.
pub(super) fn image_of<S: Read + Write>(
    definition: &Definition,
    container: &Container,
    wrote: Option<&str>,
    engine: &mut EngineSession<S>,
) -> Result<String, EngineError> {
    let of_registry = definition.registry_image(container);
    if !is_shipped(definition, container) {
        return Ok(of_registry);
    }
    if let Some(wrote) = wrote {
        return Ok(wrote.to_owned());
    }
    let Some(own) = &definition.image else { return Ok(of_registry) };
    let images = engine.images(&definition.image_reference(own, "*"))?;
    let version = |it: &LocalImage| it.labels.get(image::LABEL).cloned().unwrap_or_default();
    let recipe = definition.image_recipe(own);
    let is_ours = |it: &LocalImage| it.labels.get(image::RECIPE) == Some(&recipe);
    let will_do = images.into_iter().filter(|it| is_ours(it) && definition.version.accepts(&version(it)));
    let newest = will_do.max_by_key(|it| numbers(&version(it)));
    Ok(newest.and_then(|it| it.tags.into_iter().next()).unwrap_or(of_registry))
}

/// Whether the image is the one that comes with windlass: nobody has named another.
fn is_shipped(definition: &Definition, container: &Container) -> bool {
    shipped(&definition.name).and_then(|it| it.container).is_some_and(|it| it.image == container.image)
}

/// Whether an image of windlass's own would be run, if there were one.
pub(super) fn can_be_own(definition: &Definition) -> bool {
    definition.image.is_some() && definition.container.as_ref().is_some_and(|it| is_shipped(definition, it))
}
